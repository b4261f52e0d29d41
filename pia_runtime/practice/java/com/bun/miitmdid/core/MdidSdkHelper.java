package com.bun.miitmdid.core;

import android.content.Context;
import com.bun.miitmdid.interfaces.IIdentifierListener;
import com.bun.miitmdid.pojo.IdSupplierImpl;

public class MdidSdkHelper {
    public static final int INIT_INFO_RESULT_OK = 1_008_610;

    /** Hands the identifiers to the listener, as the Mobile Security Alliance's library does. */
    public static int InitSdk(Context context, boolean isCert, IIdentifierListener listener) {
        listener.onSupport(new IdSupplierImpl());
        return INIT_INFO_RESULT_OK;
    }
}
