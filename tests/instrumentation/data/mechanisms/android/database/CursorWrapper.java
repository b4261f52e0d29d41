package android.database;
public class CursorWrapper implements Cursor {
    private final Cursor inner;
    public CursorWrapper(Cursor inner) { this.inner = inner; }
    public int getCount() { return inner.getCount(); }
    public int getPosition() { return inner.getPosition(); }
    public boolean moveToNext() { return inner.moveToNext(); }
    public String[] getColumnNames() { return inner.getColumnNames(); }
    public String getColumnName(int column) { return inner.getColumnName(column); }
    public String getString(int column) { return inner.getString(column); }
    public long getLong(int column) { return inner.getLong(column); }
    public byte[] getBlob(int column) { return inner.getBlob(column); }
    public void close() { inner.close(); }
}
