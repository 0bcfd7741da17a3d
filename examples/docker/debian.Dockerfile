# docker build --file debian.Dockerfile --tag echo . && docker run --rm --publish 8000:8000 echo
#
# Both stages need the same C library and processor, because npm installs the addon for the system that it runs on.

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
# While the package is not in the registry, tarballs replace it: see README.md.
COPY package.json package-lock.json* *.tgz ./
RUN npm install --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json server.js ./
USER node
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=3s CMD ["node", "-e", "fetch('http://127.0.0.1:8000/').catch(() => process.exit(1))"]
CMD ["node", "server.js"]
