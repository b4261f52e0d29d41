package android.app;

import android.content.SharedPreferences;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Preferences of one run: every run of the practice app is a first launch. */
final class SharedPreferencesImpl implements SharedPreferences {
    private final Map<String, Object> mMap = new ConcurrentHashMap<>();

    @Override
    public Map<String, ?> getAll() {
        return new HashMap<>(mMap);
    }

    @Override
    public String getString(String key, String defValue) {
        return mMap.get(key) instanceof String text ? text : defValue;
    }

    @Override
    public boolean getBoolean(String key, boolean defValue) {
        return mMap.get(key) instanceof Boolean flag ? flag : defValue;
    }

    @Override
    public boolean contains(String key) {
        return mMap.containsKey(key);
    }

    @Override
    public Editor edit() {
        return new EditorImpl();
    }

    public final class EditorImpl implements Editor {
        private final Map<String, Object> mModified = new HashMap<>();

        @Override
        public Editor putString(String key, String value) {
            mModified.put(key, value);
            return this;
        }

        @Override
        public Editor putBoolean(String key, boolean value) {
            mModified.put(key, value);
            return this;
        }

        @Override
        public Editor remove(String key) {
            mModified.put(key, null);
            return this;
        }

        @Override
        public boolean commit() {
            apply();
            return true;
        }

        @Override
        public void apply() {
            mModified.forEach((key, value) -> {
                if (value == null) {
                    mMap.remove(key);
                } else {
                    mMap.put(key, value);
                }
            });
        }
    }
}
