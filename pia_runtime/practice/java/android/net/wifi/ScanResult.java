package android.net.wifi;

public class ScanResult {
    public String SSID;
    public String BSSID;
    public int level;

    @Override
    public String toString() {
        return "SSID: " + SSID + ", BSSID: " + BSSID + ", level: " + level;
    }
}
