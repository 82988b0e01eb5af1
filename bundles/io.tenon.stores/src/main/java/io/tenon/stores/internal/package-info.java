/** One metadata store for everyone, whichever bundle keeps it now. */
@NullMarked
package io.tenon.stores.internal;

import org.jspecify.annotations.NullMarked;
