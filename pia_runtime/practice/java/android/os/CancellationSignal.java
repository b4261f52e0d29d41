package android.os;

public final class CancellationSignal {
    private boolean mIsCanceled;

    public void cancel() {
        mIsCanceled = true;
    }

    public boolean isCanceled() {
        return mIsCanceled;
    }
}
