package android.telephony;
import android.os.BinderProxy;
import com.android.internal.telephony.IPhoneSubInfo;
public class TelephonyManager {
    public static final String IMSI = new String("460001234567890");
    public String getImei() { return IPhoneSubInfo.Stub.asInterface(new BinderProxy()).getDeviceIdForPhone(0); }
    public String getSubscriberId() { return IMSI; }
    public void listen(PhoneStateListener listener, int events) {
        listener.onCellLocationChanged("cell 1");
        listener.onCallStateChanged(1, "13800138000");
    }
    public String notCatalogued() { return IPhoneSubInfo.Stub.asInterface(new BinderProxy()).getDeviceIdForPhone(1); }
}
