package android.location;

import android.os.CancellationSignal;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** Delivers as the platform does: on a thread of its own, where the registration's callers are on no stack. */
public class LocationManager {
    public final List<LocationListener> listeners = new ArrayList<>();
    public void requestLocationUpdates(String provider, long ms, float metres, LocationListener listener) {
        if (provider.equals("none")) throw new IllegalArgumentException(provider);
        if (!listeners.contains(listener)) listeners.add(listener);
    }
    public void removeUpdates(LocationListener listener) { listeners.remove(listener); }
    public void getCurrentLocation(String provider, CancellationSignal cancel, Executor executor, Consumer<Location> consumer) {
        executor.execute(() -> consumer.accept(new Location(6, 6)));
    }
    public Throwable deliver(boolean batched, double... places) throws Exception {
        List<Location> locations = new ArrayList<>();
        for (double place : places) locations.add(new Location(place, place));
        Throwable[] thrown = {null};
        Thread thread = new Thread(() -> {
            for (LocationListener listener : List.copyOf(listeners)) {
                try {
                    if (batched) listener.onLocationChanged(locations);
                    else for (Location location : locations) listener.onLocationChanged(location);
                } catch (RuntimeException e) { thrown[0] = e; }
            }
        }, "dispatcher");
        thread.start();
        thread.join();
        return thrown[0];
    }
}
