package android.database;
public interface Cursor extends java.io.Closeable {
    int getCount();
    int getPosition();
    boolean moveToNext();
    String[] getColumnNames();
    String getColumnName(int column);
    String getString(int column);
    long getLong(int column);
    byte[] getBlob(int column);
    void close();
}
