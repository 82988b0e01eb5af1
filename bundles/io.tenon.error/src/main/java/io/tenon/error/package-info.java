/**
 * How Tenon fails. The world failing (disk full, peer gone) is a {@link io.tenon.error.TenonException}; we ourselves
 * failing is a {@link io.tenon.error.Check}.
 */
@Export
@Version("1.0.0")
@NullMarked
package io.tenon.error;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
