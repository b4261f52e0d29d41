package android.view;

import android.content.Context;

public class View {
    private final Context mContext;
    private OnClickListener mOnClickListener;
    private CharSequence mContentDescription;
    ViewGroup mParent;

    public View(Context context) {
        mContext = context;
    }

    public final Context getContext() {
        return mContext;
    }

    public void setOnClickListener(OnClickListener l) {
        mOnClickListener = l;
    }

    public boolean isClickable() {
        return mOnClickListener != null;
    }

    public boolean hasOnClickListeners() {
        return mOnClickListener != null;
    }

    public boolean performClick() {
        if (mOnClickListener == null) {
            return false;
        }
        mOnClickListener.onClick(this);
        return true;
    }

    public CharSequence getContentDescription() {
        return mContentDescription;
    }

    public void setContentDescription(CharSequence contentDescription) {
        mContentDescription = contentDescription;
    }

    public View getRootView() {
        return mParent == null ? this : mParent.getRootView();
    }

    public interface OnClickListener {
        void onClick(View v);
    }
}
