package android.content;

public class ClipData {
    private final Item mItem;

    public ClipData(CharSequence label, String[] mimeTypes, Item item) {
        mItem = item;
    }

    public int getItemCount() {
        return 1;
    }

    public Item getItemAt(int index) {
        return mItem;
    }

    @Override
    public String toString() {
        return "ClipData { text/plain {T:" + mItem.getText() + "} }";
    }

    public static class Item {
        private final CharSequence mText;

        public Item(CharSequence text) {
            mText = text;
        }

        public CharSequence getText() {
            return mText;
        }
    }
}
