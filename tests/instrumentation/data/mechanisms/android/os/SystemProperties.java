package android.os;
public class SystemProperties {
    public static String get(String key) { return key.equals("ro.serialno") ? "PIA0SERIAL" : ""; }
}
