package android.location;

import practice.DeviceProfile;
import practice.Permissions;

public class LocationManager {
    public static final String GPS_PROVIDER = "gps";
    public static final String NETWORK_PROVIDER = "network";

    public Location getLastKnownLocation(String provider) {
        return fix(provider);
    }

    private static Location fix(String provider) {
        Permissions.enforce("android.permission.ACCESS_FINE_LOCATION");
        Location location = new Location(provider);
        location.setLatitude(Double.parseDouble(DeviceProfile.get("latitude")));
        location.setLongitude(Double.parseDouble(DeviceProfile.get("longitude")));
        location.setAccuracy(12.5f);
        location.setTime(System.currentTimeMillis());
        return location;
    }

    /** Answers once, on a thread of the system, as the first fix does. */
    public void requestLocationUpdates(String provider, long minTimeMs, float minDistanceM, LocationListener listener) {
        Location location = fix(provider);
        Thread delivery = new Thread(() -> listener.onLocationChanged(location), "LocationManagerService");
        delivery.setDaemon(true);
        delivery.start();
    }
}
