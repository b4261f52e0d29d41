package android.database;

import java.io.Closeable;

public interface Cursor extends Closeable {
    int getCount();

    int getPosition();

    boolean moveToPosition(int position);

    boolean moveToFirst();

    boolean moveToNext();

    int getColumnCount();

    int getColumnIndex(String columnName);

    int getColumnIndexOrThrow(String columnName);

    String getColumnName(int columnIndex);

    String[] getColumnNames();

    String getString(int columnIndex);

    int getInt(int columnIndex);

    long getLong(int columnIndex);

    boolean isNull(int columnIndex);

    boolean isClosed();

    @Override
    void close();
}
