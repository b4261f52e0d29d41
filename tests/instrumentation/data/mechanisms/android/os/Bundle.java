package android.os;
import java.util.Map;
import java.util.Set;
public class Bundle {
    private final Map<String, Object> map;
    public Bundle(Map<String, Object> map) { this.map = map; }
    public Set<String> keySet() { return map.keySet(); }
    public Object get(String key) { return map.get(key); }
}
