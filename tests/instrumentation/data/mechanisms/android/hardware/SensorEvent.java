package android.hardware;
public class SensorEvent {
    public final float[] values;
    public final Sensor sensor;
    public SensorEvent(Sensor sensor, float... values) { this.sensor = sensor; this.values = values; }
}
