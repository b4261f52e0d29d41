package com.google.android.gms.location;
public abstract class LocationCallback {
    public void onLocationResult(LocationResult result) { result.hashCode(); }
    public void onLocationAvailability(Object availability) { availability.hashCode(); }
}
