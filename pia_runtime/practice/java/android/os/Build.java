package android.os;

import practice.DeviceProfile;
import practice.Permissions;

public class Build {
    public static final String UNKNOWN = "unknown";
    public static final String BRAND = DeviceProfile.get("brand");
    public static final String MANUFACTURER = DeviceProfile.get("manufacturer");
    public static final String MODEL = DeviceProfile.get("model");
    /** Android hides it from apps that target API 28 and later. */
    public static final String SERIAL = UNKNOWN;

    public static String getSerial() {
        Permissions.enforce("android.permission.READ_PHONE_STATE");
        return DeviceProfile.get("serial");
    }

    public static class VERSION {
        public static final String RELEASE = DeviceProfile.get("android");
        public static final int SDK_INT = Integer.parseInt(DeviceProfile.get("api_level"));
    }
}
