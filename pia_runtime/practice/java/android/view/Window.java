package android.view;

import android.content.Context;

/** A window with its view tree. On Android this class is abstract and PhoneWindow fills it. */
public class Window {
    private final ViewGroup mDecor;

    public Window(Context context) {
        mDecor = new ViewGroup(context);
    }

    public View getDecorView() {
        return mDecor;
    }
}
