package com.google.android.gms.ads.identifier;

import android.content.Context;
import practice.DeviceProfile;

public class AdvertisingIdClient {
    public static Info getAdvertisingIdInfo(Context context) {
        return new Info(DeviceProfile.get("gaid"), false);
    }

    public static final class Info {
        private final String mId;
        private final boolean mLimitAdTrackingEnabled;

        public Info(String advertisingId, boolean limitAdTrackingEnabled) {
            mId = advertisingId;
            mLimitAdTrackingEnabled = limitAdTrackingEnabled;
        }

        public String getId() {
            return mId;
        }

        public boolean isLimitAdTrackingEnabled() {
            return mLimitAdTrackingEnabled;
        }
    }
}
