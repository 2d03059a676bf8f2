"""The GLSL programs of the overlay."""

from __future__ import annotations

# One triangle that covers the window; no buffers needed.
PICTURE_VERTEX = """
#version 330 core
out vec2 place;
void main() {
    vec2 corner = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
    place = vec2(corner.x, 1.0 - corner.y);
    gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}
"""

# For every undistorted pixel: where the lens put it in the picture, as core.lens.
PICTURE_FRAGMENT = """
#version 330 core
in vec2 place;
out vec4 colour;
uniform sampler2D picture;
uniform vec2 size;
uniform vec2 focal;
uniform vec2 centre;
uniform float skew;
uniform vec3 radial;
uniform vec3 lower;
uniform vec2 tangential;
uniform vec4 angular;
uniform bool is_fisheye;
vec2 bend(vec2 p) {
    float r2 = dot(p, p);
    if (is_fisheye) {
        float r = sqrt(r2);
        float a = atan(r);
        float a2 = a * a;
        float bent = a * (1.0 + a2 * (angular.x + a2 * (angular.y + a2 * (angular.z + a2 * angular.w))));
        return r < 1e-6 ? p : p * bent / r;
    }
    float stretch = 1.0 + r2 * (radial.x + r2 * (radial.y + r2 * radial.z));
    stretch /= 1.0 + r2 * (lower.x + r2 * (lower.y + r2 * lower.z));
    return p * stretch + 2.0 * p.x * p.y * tangential + tangential.yx * (r2 + 2.0 * p * p);
}
void main() {
    vec2 pixel = place * size - 0.5;
    vec2 p = (pixel - centre) / focal;
    p.x -= skew * p.y / focal.x;
    vec2 bent = bend(p);
    vec2 seen = focal * bent + centre + vec2(skew * bent.y, 0.0);
    vec2 where = (seen + 0.5) / size;
    bool outside = any(lessThan(where, vec2(0.0))) || any(greaterThan(where, vec2(1.0)));
    colour = outside ? vec4(0.0, 0.0, 0.0, 1.0) : vec4(texture(picture, where).rgb, 1.0);
}
"""

SURFACE_VERTEX = """
#version 330 core
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec4 paint;
out vec4 vertex_paint;
uniform mat4 camera_from_model;
uniform mat4 clip_from_camera;
out vec3 normal_camera;
out vec3 position_camera;
void main() {
    vec4 p = camera_from_model * vec4(position, 1.0);
    vertex_paint = paint;
    position_camera = p.xyz;
    normal_camera = mat3(camera_from_model) * normal;
    gl_Position = clip_from_camera * p;
}
"""

# Lit from the camera's upper left, softly around the edge (half-Lambert), so that a cap never turns black; the
# inside of an open surface is lit as its outside, but darker.
SURFACE_FRAGMENT = """
#version 330 core
in vec3 normal_camera;
in vec3 position_camera;
in vec4 vertex_paint;
out vec4 result;
uniform vec4 colour;
void main() {
    vec3 base = mix(colour.rgb, vertex_paint.rgb, step(0.5, vertex_paint.a));
    vec3 n = normalize(normal_camera);
    vec3 to_eye = normalize(-position_camera);
    float facing = dot(n, to_eye);
    float shade = facing < 0.0 ? 0.75 : 1.0;
    n = facing < 0.0 ? -n : n;
    vec3 to_light = normalize(vec3(-0.35, -0.55, -0.75));
    float wrapped = 0.5 + 0.5 * dot(n, to_light);
    float diffuse = wrapped * wrapped;
    float shine = pow(max(dot(n, normalize(to_light + to_eye)), 0.0), 40.0);
    vec3 lit = base * (0.30 + 0.75 * diffuse) + vec3(0.14 * shine);
    result = vec4(shade * lit, colour.a);
}
"""

LINE_VERTEX = """
#version 330 core
layout(location = 0) in vec4 clip;
void main() { gl_Position = clip; }
"""

LINE_FRAGMENT = """
#version 330 core
out vec4 result;
uniform vec4 colour;
void main() { result = colour; }
"""

# A picture of text, placed in window pixels with the origin at the top left.
TEXT_VERTEX = """
#version 330 core
uniform vec4 box;
uniform vec2 window;
out vec2 place;
void main() {
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    vec2 pixel = box.xy + corner * box.zw;
    place = corner;
    gl_Position = vec4(pixel.x / window.x * 2.0 - 1.0, 1.0 - pixel.y / window.y * 2.0, 0.0, 1.0);
}
"""

TEXT_FRAGMENT = """
#version 330 core
in vec2 place;
out vec4 result;
uniform sampler2D picture;
void main() { result = texture(picture, place); }
"""
