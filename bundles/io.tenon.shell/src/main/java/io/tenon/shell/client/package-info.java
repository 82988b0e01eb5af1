/** {@code bin/tenon-shell}: a program of its own, run from this bundle's jar on a plain class path. */
@NullMarked
package io.tenon.shell.client;

import org.jspecify.annotations.NullMarked;
