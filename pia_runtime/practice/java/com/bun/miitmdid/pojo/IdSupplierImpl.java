package com.bun.miitmdid.pojo;

import com.bun.miitmdid.interfaces.IdSupplier;
import practice.DeviceProfile;

public class IdSupplierImpl implements IdSupplier {
    @Override
    public boolean isSupported() {
        return true;
    }

    @Override
    public String getOAID() {
        return DeviceProfile.get("oaid");
    }

    @Override
    public String getVAID() {
        return "";
    }

    @Override
    public String getAAID() {
        return "";
    }
}
