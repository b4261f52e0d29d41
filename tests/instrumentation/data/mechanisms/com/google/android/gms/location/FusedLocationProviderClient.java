package com.google.android.gms.location;
import android.location.Location;
import com.google.android.gms.tasks.Task;
public interface FusedLocationProviderClient {
    Task<Location> getLastLocation();
    void requestLocationUpdates(Object request, LocationCallback callback);
}
