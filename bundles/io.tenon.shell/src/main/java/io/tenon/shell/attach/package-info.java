/** What passes between a node and {@code tenon-shell}: used by both ends, known to nobody else. */
@NullMarked
package io.tenon.shell.attach;

import org.jspecify.annotations.NullMarked;
