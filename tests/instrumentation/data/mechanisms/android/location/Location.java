package android.location;

public class Location {
    private final double lat;
    private final double lon;
    public Location(double lat, double lon) { this.lat = lat; this.lon = lon; }
    public double getLatitude() { return lat; }
    public double getLongitude() { return lon; }
    public float getAccuracy() { return 5f; }
    public String getProvider() { return "gps"; }
}
