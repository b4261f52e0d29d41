package com.google.android.gms.location;
public class LocationServices {
    public static FusedLocationProviderClient getFusedLocationProviderClient(Object context) { return new zzbp(); }
}
