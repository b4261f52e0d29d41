package android.net.wifi;

import practice.DeviceProfile;

public class WifiInfo {
    public static final String DEFAULT_MAC_ADDRESS = "02:00:00:00:00:00";

    public String getSSID() {
        return "\"" + DeviceProfile.get("ssid") + "\"";
    }

    public String getBSSID() {
        return DeviceProfile.get("bssid");
    }

    /** The constant that every app has got since API 23. */
    public String getMacAddress() {
        return DEFAULT_MAC_ADDRESS;
    }
}
