package com.android.internal.telephony;
import android.os.IBinder;
import android.os.Parcel;
public interface IPhoneSubInfo {
    String getDeviceIdForPhone(int phone);
    abstract class Stub implements IPhoneSubInfo {
        static final int TRANSACTION_getDeviceIdForPhone = 3;
        static final int TRANSACTION_getSubscriberId = 8;
        public static IPhoneSubInfo asInterface(IBinder binder) { return new Proxy(binder); }
        private static class Proxy implements IPhoneSubInfo {
            private final IBinder remote;
            Proxy(IBinder remote) { this.remote = remote; }
            public String getDeviceIdForPhone(int phone) {
                Parcel data = new Parcel(), reply = new Parcel();
                data.writeInterfaceToken("com.android.internal.telephony.IPhoneSubInfo");
                remote.transact(3, data, reply, 0);
                reply.readInt();
                return reply.readString();
            }
        }
    }
}
