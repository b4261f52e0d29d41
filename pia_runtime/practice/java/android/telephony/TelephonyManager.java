package android.telephony;

import practice.DeviceProfile;
import practice.Permissions;

public class TelephonyManager {
    private static final String READ_PHONE_STATE = "android.permission.READ_PHONE_STATE";

    public String getDeviceId() {
        return imei(0);
    }

    public String getDeviceId(int slotIndex) {
        return imei(slotIndex);
    }

    public String getImei() {
        return getImei(0);
    }

    public String getImei(int slotIndex) {
        return imei(slotIndex);
    }

    /** Needs a permission that no ordinary app gets since API 29, as on Android. */
    public String getSubscriberId() {
        Permissions.enforce("android.permission.READ_PRIVILEGED_PHONE_STATE");
        return DeviceProfile.get("imsi");
    }

    /** Null, as an empty slot gives it. */
    public String getSimSerialNumber() {
        Permissions.enforce(READ_PHONE_STATE);
        return DeviceProfile.get("iccid");
    }

    public String getLine1Number() {
        Permissions.enforce(READ_PHONE_STATE);
        return DeviceProfile.get("phone_number");
    }

    public String getSimOperator() {
        return DeviceProfile.get("sim_operator");
    }

    public String getNetworkOperatorName() {
        return DeviceProfile.get("network_operator_name");
    }

    private String imei(int slotIndex) {
        Permissions.enforce(READ_PHONE_STATE);
        return slotIndex == 0 ? DeviceProfile.get("imei") : null;
    }
}
