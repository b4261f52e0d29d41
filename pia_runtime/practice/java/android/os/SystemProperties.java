package android.os;

import java.util.Map;
import practice.DeviceProfile;

public class SystemProperties {
    private static final Map<String, String> FROM_PROFILE =
            Map.of("ro.serialno", "serial", "ro.product.model", "model", "ro.build.version.release", "android");

    public static String get(String key) {
        return get(key, "");
    }

    public static String get(String key, String def) {
        String name = FROM_PROFILE.get(key);
        return name == null ? def : DeviceProfile.get(name);
    }
}
