package android.hardware;
public class SensorManager {
    public SensorEventListener listener;
    public boolean registerListener(SensorEventListener listener, Sensor sensor, int delay) { return registerListener(listener, sensor, delay, 0); }
    public boolean registerListener(SensorEventListener listener, Sensor sensor, int delay, int latency) { this.listener = listener; return true; }
    public void unregisterListener(SensorEventListener listener) { this.listener = null; }
}
