package android.app;

import android.content.Context;
import android.content.pm.ApplicationInfo;
import android.content.pm.PackageInfo;
import android.content.pm.PackageManager;
import java.util.ArrayList;
import java.util.List;
import practice.DeviceProfile;

public class ApplicationPackageManager extends PackageManager {
    private final Context mContext;

    public ApplicationPackageManager(Context context) {
        mContext = context;
    }

    @Override
    public List<PackageInfo> getInstalledPackages(int flags) {
        List<PackageInfo> found = new ArrayList<>();
        for (String name : DeviceProfile.list("packages")) {
            found.add(describe(name));
        }
        return found;
    }

    @Override
    public List<ApplicationInfo> getInstalledApplications(int flags) {
        List<ApplicationInfo> found = new ArrayList<>();
        for (String name : DeviceProfile.list("packages")) {
            found.add(describe(name).applicationInfo);
        }
        return found;
    }

    @Override
    public PackageInfo getPackageInfo(String packageName, int flags) throws NameNotFoundException {
        boolean own = packageName.equals(mContext.getPackageName());
        if (!own && !DeviceProfile.list("packages").contains(packageName)) {
            throw new NameNotFoundException(packageName);
        }
        return describe(packageName);
    }

    private static PackageInfo describe(String name) {
        PackageInfo info = new PackageInfo();
        info.packageName = name;
        info.versionName = DeviceProfile.get("version_name");
        info.applicationInfo = new ApplicationInfo();
        info.applicationInfo.packageName = name;
        return info;
    }
}
