package android.net.wifi;

import java.util.List;
import practice.DeviceProfile;
import practice.Permissions;

public class WifiManager {
    public WifiInfo getConnectionInfo() {
        return new WifiInfo();
    }

    public List<ScanResult> getScanResults() {
        Permissions.enforce("android.permission.ACCESS_FINE_LOCATION");
        ScanResult result = new ScanResult();
        result.SSID = DeviceProfile.get("ssid");
        result.BSSID = DeviceProfile.get("bssid");
        result.level = -48;
        return List.of(result);
    }
}
