/** The {@code tenon:} commands of the Felix shell, and the socket through which {@code tenon-shell} reaches them. */
@NullMarked
package io.tenon.shell.internal;

import org.jspecify.annotations.NullMarked;
