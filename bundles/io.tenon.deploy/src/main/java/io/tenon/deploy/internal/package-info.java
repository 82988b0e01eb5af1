/** How it is done. */
@NullMarked
package io.tenon.deploy.internal;

import org.jspecify.annotations.NullMarked;
