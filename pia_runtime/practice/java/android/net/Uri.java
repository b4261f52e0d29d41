package android.net;

public final class Uri {
    private final String mText;

    private Uri(String text) {
        mText = text;
    }

    public static Uri parse(String uriString) {
        return new Uri(uriString);
    }

    public String getAuthority() {
        String rest = mText.substring(mText.indexOf("://") + 3);
        int slash = rest.indexOf('/');
        return slash < 0 ? rest : rest.substring(0, slash);
    }

    @Override
    public String toString() {
        return mText;
    }
}
