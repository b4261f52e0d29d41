package android.accounts;

import java.util.ArrayList;
import java.util.List;
import practice.DeviceProfile;

public class AccountManager {
    private static final String TYPE = "com.example.account";

    public Account[] getAccounts() {
        return find(null);
    }

    public Account[] getAccountsByType(String type) {
        return find(type);
    }

    private static Account[] find(String type) {
        List<Account> found = new ArrayList<>();
        if (type == null || type.equals(TYPE)) {
            for (String name : DeviceProfile.list("accounts")) {
                found.add(new Account(name, TYPE));
            }
        }
        return found.toArray(new Account[0]);
    }
}
