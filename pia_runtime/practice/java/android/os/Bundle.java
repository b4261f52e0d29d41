package android.os;

import java.util.HashMap;
import java.util.Map;

public final class Bundle {
    private final Map<String, Object> mMap = new HashMap<>();

    public void putString(String key, String value) {
        mMap.put(key, value);
    }

    public String getString(String key) {
        return mMap.get(key) instanceof String text ? text : null;
    }
}
