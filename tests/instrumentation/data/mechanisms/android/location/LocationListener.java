package android.location;

import java.util.List;

public interface LocationListener {
    void onLocationChanged(Location location);
    default void onLocationChanged(List<Location> locations) {
        for (Location location : locations) onLocationChanged(location);
    }
}
