package android.content;

import java.util.HashMap;
import java.util.Map;

public class Intent {
    private final Map<String, Object> mExtras = new HashMap<>();

    public Intent putExtra(String name, String[] value) {
        mExtras.put(name, value);
        return this;
    }

    public Intent putExtra(String name, int[] value) {
        mExtras.put(name, value);
        return this;
    }

    public String[] getStringArrayExtra(String name) {
        return mExtras.get(name) instanceof String[] value ? value : null;
    }

    public int[] getIntArrayExtra(String name) {
        return mExtras.get(name) instanceof int[] value ? value : null;
    }
}
