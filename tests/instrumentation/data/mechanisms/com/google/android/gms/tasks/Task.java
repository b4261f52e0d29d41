package com.google.android.gms.tasks;
import java.util.concurrent.Executor;
public abstract class Task<T> {
    public abstract Task<T> addOnSuccessListener(OnSuccessListener<? super T> listener);
    public abstract Task<T> addOnSuccessListener(Executor executor, OnSuccessListener<? super T> listener);
    public abstract Task<T> addOnCompleteListener(OnCompleteListener<T> listener);
    public abstract T getResult();
}
