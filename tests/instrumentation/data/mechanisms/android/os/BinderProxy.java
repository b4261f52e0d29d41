package android.os;
public final class BinderProxy implements IBinder {
    public boolean transact(int code, Parcel data, Parcel reply, int flags) {
        reply.writeInt(0);
        reply.writeString("356938035643809");
        reply.setDataPosition(0);
        return true;
    }
}
