package android.view;

import android.content.Context;
import java.util.ArrayList;
import java.util.List;

/** On Android this class is abstract; here it is the plain container too. */
public class ViewGroup extends View {
    private final List<View> mChildren = new ArrayList<>();

    public ViewGroup(Context context) {
        super(context);
    }

    public void addView(View child) {
        child.mParent = this;
        mChildren.add(child);
    }

    public int getChildCount() {
        return mChildren.size();
    }

    public View getChildAt(int index) {
        return index >= 0 && index < mChildren.size() ? mChildren.get(index) : null;
    }
}
