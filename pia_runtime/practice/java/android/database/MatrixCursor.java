package android.database;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rows held in memory. */
public class MatrixCursor implements Cursor {
    private final String[] mColumnNames;
    private final List<Object[]> mRows = new ArrayList<>();
    private int mPos = -1;
    private boolean mClosed;

    public MatrixCursor(String[] columnNames) {
        mColumnNames = columnNames;
    }

    public void addRow(Object[] columnValues) {
        mRows.add(columnValues);
    }

    @Override
    public int getCount() {
        return mRows.size();
    }

    @Override
    public int getPosition() {
        return mPos;
    }

    @Override
    public boolean moveToPosition(int position) {
        mPos = Math.max(-1, Math.min(position, mRows.size()));
        return mPos >= 0 && mPos < mRows.size();
    }

    @Override
    public boolean moveToFirst() {
        return moveToPosition(0);
    }

    @Override
    public boolean moveToNext() {
        return moveToPosition(mPos + 1);
    }

    @Override
    public int getColumnCount() {
        return mColumnNames.length;
    }

    @Override
    public int getColumnIndex(String columnName) {
        return Arrays.asList(mColumnNames).indexOf(columnName);
    }

    @Override
    public int getColumnIndexOrThrow(String columnName) {
        int index = getColumnIndex(columnName);
        if (index < 0) {
            throw new IllegalArgumentException("column '" + columnName + "' does not exist");
        }
        return index;
    }

    @Override
    public String getColumnName(int columnIndex) {
        return mColumnNames[columnIndex];
    }

    @Override
    public String[] getColumnNames() {
        return mColumnNames.clone();
    }

    @Override
    public String getString(int columnIndex) {
        Object value = mRows.get(mPos)[columnIndex];
        return value == null ? null : value.toString();
    }

    @Override
    public int getInt(int columnIndex) {
        return (int) getLong(columnIndex);
    }

    @Override
    public long getLong(int columnIndex) {
        Object value = mRows.get(mPos)[columnIndex];
        return value instanceof Number number ? number.longValue() : 0;
    }

    @Override
    public boolean isNull(int columnIndex) {
        return mRows.get(mPos)[columnIndex] == null;
    }

    @Override
    public boolean isClosed() {
        return mClosed;
    }

    @Override
    public void close() {
        mClosed = true;
    }
}
