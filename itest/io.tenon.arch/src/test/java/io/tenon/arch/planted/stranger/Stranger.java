package io.tenon.arch.planted.stranger;

/** Planted: a bundle without a floor. */
public record Stranger(String name) {}
