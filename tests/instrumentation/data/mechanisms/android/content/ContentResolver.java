package android.content;
import android.database.Cursor;
import android.database.CursorWrapper;
import android.net.Uri;
public class ContentResolver {
    public static final String NAME = new String("Ada Example");
    public static int moves;
    public Cursor query(Uri uri, String[] columns, String selection, String[] args, String order) {
        return new CursorWrapperInner(new Rows(uri.toString().contains("call_log") ? 450 : 3));
    }
    private static final class CursorWrapperInner extends CursorWrapper { CursorWrapperInner(Cursor inner) { super(inner); } }
    private static final class Rows implements Cursor {
        private static final String[] COLUMNS = {"_id", "display_name", "photo"};
        private final int count;
        private int position = -1;
        Rows(int count) { this.count = count; }
        public int getCount() { return count; }
        public int getPosition() { return position; }
        public boolean moveToNext() { moves++; return ++position < count; }
        public String[] getColumnNames() { return COLUMNS; }
        public String getColumnName(int column) { return COLUMNS[column]; }
        public String getString(int column) { if (column > 2) throw new IllegalStateException("no such column"); return NAME; }
        public long getLong(int column) { return 100 + position; }
        public byte[] getBlob(int column) { return new byte[] {1, 2}; }
        public void close() { position = count; }
    }
}
