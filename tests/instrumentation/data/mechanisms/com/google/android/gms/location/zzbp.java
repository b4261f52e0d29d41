package com.google.android.gms.location;
import android.location.Location;
import com.google.android.gms.tasks.OnCompleteListener;
import com.google.android.gms.tasks.OnSuccessListener;
import com.google.android.gms.tasks.Task;
import java.util.concurrent.Executor;
class zzbp implements FusedLocationProviderClient {
    static class zzw extends Task<Location> {
        private final Location location = new Location(7, 7);
        public Task<Location> addOnSuccessListener(OnSuccessListener<? super Location> listener) {
            return addOnSuccessListener(work -> zzbp.later(work), listener);
        }
        public Task<Location> addOnSuccessListener(Executor executor, OnSuccessListener<? super Location> listener) {
            executor.execute(() -> listener.onSuccess(location));
            return this;
        }
        public Task<Location> addOnCompleteListener(OnCompleteListener<Location> listener) {
            zzbp.later(() -> listener.onComplete(this));
            return this;
        }
        public Location getResult() { return location; }
    }
    public Task<Location> getLastLocation() { return new zzw(); }
    public void requestLocationUpdates(Object request, LocationCallback callback) {
        later(() -> callback.onLocationResult(new LocationResult()));
    }
    static void later(Runnable work) {
        Thread thread = new Thread(work, "tasks");
        thread.start();
        try { thread.join(); } catch (InterruptedException e) { throw new IllegalStateException(e); }
    }
}
