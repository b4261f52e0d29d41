package android.telephony;
public class PhoneStateListener {
    public void onCallStateChanged(int state, String number) { hashCode(); }
    public void onCellLocationChanged(Object location) { hashCode(); }
}
