package android.content;
public class IntentFilter {
    private final String[] actions;
    public IntentFilter(String... actions) { this.actions = actions; }
    public String getAction(int index) { return actions[index]; }
    public int countActions() { return actions.length; }
}
