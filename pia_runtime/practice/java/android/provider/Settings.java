package android.provider;

import android.content.ContentResolver;
import practice.DeviceProfile;

public final class Settings {
    private Settings() {}

    public static final class Secure {
        public static final String ANDROID_ID = "android_id";

        private Secure() {}

        public static String getString(ContentResolver resolver, String name) {
            return ANDROID_ID.equals(name) ? DeviceProfile.get("android_id") : null;
        }
    }

    public static final class System {
        public static final String ANDROID_ID = Secure.ANDROID_ID;

        private System() {}

        /** The Android id moved to Secure long ago; asking here still answers. */
        public static String getString(ContentResolver resolver, String name) {
            return ANDROID_ID.equals(name) ? DeviceProfile.get("android_id") : null;
        }
    }
}
