/** The door of the web console: where it listens, and who is let in. */
@NullMarked
package io.tenon.console.internal;

import org.jspecify.annotations.NullMarked;
