package demo;

import android.app.ActivityManager;
import android.app.ContextImpl;
import android.content.*;
import android.database.Cursor;
import android.hardware.*;
import android.location.*;
import android.net.Uri;
import android.os.*;
import android.telephony.PhoneStateListener;
import android.telephony.TelephonyManager;
import com.android.internal.telephony.IPhoneSubInfo;
import com.google.android.gms.location.*;
import java.io.*;
import java.lang.invoke.*;
import java.nio.file.*;
import java.util.*;

public class Main {
    static final List<Object> received = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        listeners();
        fused();
        receivers();
        sensors();
        phone();
        cursors();
        commands();
        files();
        transactions();
        reflection();
        filled();
        System.exit(0);
    }

    static class Base implements LocationListener {
        public void onLocationChanged(Location location) { received.add(location); }
    }
    static class Inherits extends Base { }
    static class PassesOn extends Base {
        @Override public void onLocationChanged(List<Location> locations) { locations.forEach(this::onLocationChanged); }
    }

    static void listeners() throws Exception {
        LocationManager manager = new LocationManager();
        LocationListener anonymous = new LocationListener() {
            public void onLocationChanged(Location location) { received.add(location); }
        };
        anonymous.onLocationChanged(new Location(0, 0)); // not registered: the app talks to itself
        received.clear();
        asksTwice(manager, anonymous);
        check(manager.listeners.get(0) == anonymous, "the very same listener");
        manager.deliver(false, 1);
        check(received.size() == 1, "delivered once");
        manager.removeUpdates(anonymous);
        anonymous.onLocationChanged(new Location(0, 0)); // no longer registered
        LocationListener lambda = location -> received.add(location);
        manager.requestLocationUpdates("gps", 0, 0, lambda);
        manager.deliver(false, 2);
        manager.removeUpdates(lambda);
        LocationListener inherits = new Inherits();
        manager.requestLocationUpdates("gps", 0, 0, inherits);
        new Base().onLocationChanged(new Location(0, 0)); // the same code in an object that was never registered
        manager.deliver(true, 3, 4); // the interface's default method gives them one by one
        manager.removeUpdates(inherits);
        LocationListener passesOn = new PassesOn();
        manager.requestLocationUpdates("gps", 0, 0, passesOn);
        manager.deliver(true, 5, 5.5); // one delivery, though it calls its own other overload
        manager.removeUpdates(passesOn);
        IllegalStateException refusal = new IllegalStateException("not now");
        LocationListener throwing = location -> { throw refusal; };
        manager.requestLocationUpdates("gps", 0, 0, throwing);
        check(manager.deliver(false, 5.9) == refusal, "the very same exception");
        manager.removeUpdates(throwing);
        LocationListener refused = new Base();
        try { manager.requestLocationUpdates("none", 0, 0, refused); check(false, "refused"); } catch (IllegalArgumentException e) { }
        refused.onLocationChanged(new Location(0, 0)); // its registration failed
        manager.getCurrentLocation("gps", null, Runnable::run, location -> received.add(location));
    }
    static void asksTwice(LocationManager manager, LocationListener listener) {
        manager.requestLocationUpdates("gps", 0, 0, listener);
        manager.requestLocationUpdates("network", 0, 0, listener);
    }

    static void fused() {
        FusedLocationProviderClient client = LocationServices.getFusedLocationProviderClient(null);
        received.clear();
        client.getLastLocation().addOnSuccessListener(location -> received.add(location)).addOnCompleteListener(task -> received.add(task.getResult()));
        check(received.size() == 2 && received.get(0) == received.get(1), "the very same location");
        client.requestLocationUpdates("request", new LocationCallback() {
            @Override public void onLocationResult(LocationResult result) { received.add(result); }
        });
    }

    static void receivers() {
        ContextImpl base = new ContextImpl();
        new ContextWrapper(base).registerReceiver(new BroadcastReceiver() {
            public void onReceive(Context context, Intent intent) { received.add(intent.getExtras().get("body")); }
        }, new IntentFilter("android.provider.Telephony.SMS_RECEIVED"));
        base.broadcast(new Intent("android.provider.Telephony.SMS_RECEIVED", new Bundle(Map.of("body", "code 123456"))));
        base.broadcast(new Intent("com.example.UNRELATED", new Bundle(Map.of("body", "nothing"))));
    }

    static void sensors() {
        SensorManager manager = new SensorManager();
        SensorEventListener listener = new SensorEventListener() {
            public void onSensorChanged(SensorEvent event) { received.add(event); }
            public void onAccuracyChanged(Sensor sensor, int accuracy) { received.add(sensor); }
        };
        manager.registerListener(listener, new Sensor(19), 3);
        manager.registerListener(listener, new Sensor(999), 3);
        for (int i = 0; i < 1000; i++) manager.listener.onSensorChanged(new SensorEvent(new Sensor(19), 4000 + i));
        manager.listener.onSensorChanged(new SensorEvent(new Sensor(21), 72));
        manager.listener.onSensorChanged(new SensorEvent(new Sensor(999), 0));
    }

    static void phone() {
        new TelephonyManager().listen(new PhoneStateListener() {
            @Override public void onCallStateChanged(int state, String number) { received.add(number); }
        }, 32);
    }

    static void cursors() {
        ContentResolver resolver = new ContentResolver();
        Cursor contacts = resolver.query(new Uri("content://com.android.contacts/data"), null, null, null, null);
        while (contacts.moveToNext()) {
            check(contacts.getString(1) == ContentResolver.NAME, "the very same name");
            if (contacts.getPosition() == 1) check(contacts.getLong(0) == 101, "the row that the app stands on");
        }
        try { contacts.getString(7); check(false, "throws"); } catch (IllegalStateException e) { }
        check(ContentResolver.moves == 4, "nobody else moved the cursor");
        contacts.close();
        Cursor calls = resolver.query(new Uri("content://call_log/calls"), null, null, null, null);
        while (calls.moveToNext()) calls.getLong(0);
        calls.close();
        Cursor unread = resolver.query(new Uri("content://com.android.contacts/data"), null, null, null, null);
        unread.close();
        Cursor other = resolver.query(new Uri("content://com.example.settings"), null, null, null, null);
        other.moveToNext();
        other.getString(1);
        Cursor open = resolver.query(new Uri("content://sms/inbox"), null, null, null, null);
        open.moveToNext();
        open.getString(1);
        received.add(open);
    }

    static void commands() throws Exception {
        Runtime.getRuntime().exec("sh -c :").waitFor();
        try { Runtime.getRuntime().exec("/no/such/getprop ro.serialno"); check(false, "throws"); } catch (IOException e) { }
        Runtime.getRuntime().exec(new String[] {"sh", "-c", "cat /sys/class/net/wlan0/address"}).waitFor();
        new ProcessBuilder(List.of("sh", "-c", "ip addr")).start().waitFor();
        new ProcessBuilder("true").start().waitFor();
    }

    static void files() throws Exception {
        new FileInputStream("/proc/cpuinfo").close();
        new FileReader("/proc/version").close();
        Files.readAllBytes(Path.of("/proc/meminfo"));
        new FileInputStream("/proc/self/status").close();
        try { new RandomAccessFile("/sys/class/net/none0/address", "r"); check(false, "throws"); } catch (FileNotFoundException e) { }
    }

    static void transactions() throws Exception {
        direct(8);
        direct(99);
        check("356938035643809".equals(new TelephonyManager().getImei()), "beneath a catalogued method");
        new TelephonyManager().notCatalogued();
        Object proxy = Class.forName("com.android.internal.telephony.IPhoneSubInfo$Stub").getMethod("asInterface", IBinder.class).invoke(null, new BinderProxy());
        IPhoneSubInfo.class.getMethod("getDeviceIdForPhone", int.class).invoke(proxy, 0);
        Parcel unrelated = new Parcel();
        unrelated.writeInterfaceToken("android.os.IPowerManager");
        new BinderProxy().transact(3, unrelated, new Parcel(), 0);
    }
    static void direct(int code) {
        Parcel data = new Parcel(), reply = new Parcel();
        data.writeInterfaceToken("com.android.internal.telephony.IPhoneSubInfo");
        int before = data.dataPosition();
        new BinderProxy().transact(code, data, reply, 0);
        check(data.dataPosition() == before && reply.dataPosition() == 0, "parcels stand where they stood");
        reply.readInt();
        check("356938035643809".equals(reply.readString()), "the reply is whole");
    }

    static void reflection() throws Exception {
        Object phone = TelephonyManager.class.getDeclaredConstructor().newInstance();
        check(byReflection(phone) == TelephonyManager.IMSI, "the very same result");
        check(byHandle(phone) == TelephonyManager.IMSI, "the very same result");
        check("PIA0SERIAL".equals(hidden()), "hidden");
    }
    static Object byReflection(Object phone) throws Exception { return phone.getClass().getMethod("getSubscriberId").invoke(phone); }
    static Object byHandle(Object phone) throws Exception {
        MethodHandle handle = MethodHandles.lookup().findVirtual(TelephonyManager.class, "getSubscriberId", MethodType.methodType(String.class));
        try { return handle.invoke((TelephonyManager) phone); } catch (Throwable e) { throw new IllegalStateException(e); }
    }
    static Object hidden() throws Exception {
        return Class.forName("android.os.SystemProperties").getMethod("get", String.class).invoke(null, "ro.serialno");
    }

    static void filled() {
        ActivityManager.MemoryInfo info = new ActivityManager.MemoryInfo();
        new ActivityManager().getMemoryInfo(info);
        check(info.totalMem == 8_000_000_000L, "filled");
    }

    static void check(boolean holds, String what) {
        if (!holds) {
            System.err.println("BROKEN: " + what);
            new Throwable().printStackTrace();
            System.exit(9);
        }
    }
}
